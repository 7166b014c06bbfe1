"""The agent: installed, started, and proven to be online."""
