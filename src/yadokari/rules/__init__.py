"""The rule and filter language: tokens, tree, names resolved, plan, evaluator. Pure."""
