# the company's proxy
export https_proxy="http://svc-ssm:canaryPROXYpass%3A0042@proxy.corp.example:3128" http_proxy=http://svc-ssm:canaryPROXYpass%3A0042@proxy.corp.example:3128
export no_proxy=169.254.169.254
