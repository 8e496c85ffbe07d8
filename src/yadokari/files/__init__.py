"""Files of records: taking uploads in, handing them out, sweeping up what is gone."""
