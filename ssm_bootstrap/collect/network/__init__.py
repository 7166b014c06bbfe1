"""The way to AWS as it is dialled: names, connections, certificates, proxies, routes."""
