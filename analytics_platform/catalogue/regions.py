"""The vendor's regions: which domain serves which AWS region (vendor SDK 269.0.0, its region hosts)."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Region:
    """One region; REST lives on `api.{domain}`, tokens on `login.{domain}`."""

    aws: str
    domain: str

    @property
    def api_url(self) -> str:
        return f"https://api.{self.domain}"

    @property
    def login_url(self) -> str:
        return f"https://login.{self.domain}"


REGIONS = (
    Region("us-east-1", "mypurecloud.com"),
    Region("eu-west-1", "mypurecloud.ie"),
    Region("ap-southeast-2", "mypurecloud.com.au"),
    Region("ap-northeast-1", "mypurecloud.jp"),
    Region("eu-central-1", "mypurecloud.de"),
    Region("us-west-2", "usw2.pure.cloud"),
    Region("ca-central-1", "cac1.pure.cloud"),
    Region("ap-northeast-2", "apne2.pure.cloud"),
    Region("eu-west-2", "euw2.pure.cloud"),
    Region("ap-south-1", "aps1.pure.cloud"),
    Region("us-east-2", "use2.us-gov-pure.cloud"),
    Region("sa-east-1", "sae1.pure.cloud"),
    Region("me-central-1", "mec1.pure.cloud"),
    Region("ap-northeast-3", "apne3.pure.cloud"),
    Region("eu-central-2", "euc2.pure.cloud"),
    Region("mx-central-1", "mxc1.pure.cloud"),
    Region("ap-southeast-1", "apse1.pure.cloud"),
    Region("eusc-de-east-1", "edee1.eusc-pure.cloud"),
)


def region(name: str) -> Region:
    """The region called `name`, by AWS name (`eu-west-1`) or domain (`mypurecloud.ie`).

    Raises ValueError with the known names when there is none.
    """
    wanted = name.strip().lower()
    for known in REGIONS:
        if wanted in (known.aws, known.domain):
            return known
    choices = ", ".join(f"{known.aws} ({known.domain})" for known in REGIONS)
    raise ValueError(f"Unknown Genesys Cloud region {name!r}. Set GENESYSCLOUD_REGION to one of: {choices}.")
