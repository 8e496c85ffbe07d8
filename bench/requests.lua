-- wrk script: walks in a circle through the requests of a file, each written as
-- "<length>\n<bytes>\n"; prints one line of JSON at the end.
local requests, at = {}, 0

function init(args)
  local file = assert(io.open(args[1], "rb"))
  local size = file:read("*l")
  while size do
    requests[#requests + 1] = file:read(tonumber(size))
    file:read(1)
    size = file:read("*l")
  end
  file:close()
end

function request()
  at = at % #requests + 1
  return requests[at]
end

function done(summary, latency, _)
  local e = summary.errors
  local errors = e.connect + e.read + e.write + e.status + e.timeout
  io.write(string.format(
    'RESULT {"answers": %d, "errors": %d, "seconds": %.6f, "p50_ms": %.3f, "p99_ms": %.3f}\n',
    summary.requests, errors, summary.duration / 1e6,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3))
end
