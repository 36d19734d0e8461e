"""The planner: one page in a browser and the same over HTTP (extra ``planner``)."""
