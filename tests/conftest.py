"""What all tests share: real servers, a real browser, the running product."""

pytest_plugins = ["tests.plugins.servers", "tests.plugins.browser", "tests.plugins.stack"]
