"""What the agent refuses or cannot do."""


class AgentError(Exception):
    """Base of all; its text is for the person at the node."""


class NotTrusted(AgentError):
    """Something that should be signed by a known key is not, or says something else."""


class NotEnrolled(AgentError):
    """The node has no identity yet: run `coop-agent enrol`."""


class EnrolmentEnded(AgentError):
    """The site refused the enrolment, or the claim code ran out."""


class AlreadyRunning(AgentError):
    """Another agent works on the same state folder."""


class Unreachable(AgentError):
    """No answer, or none that can be understood; trying again later may help."""


class DriverFailed(AgentError):
    """A source of readings gave none; the others go on."""


class Stopping(AgentError):
    """The agent was told to end while it waited."""
