"""A ``Progress`` that records every report."""

from crl_probe.runs.progress import Progress


class Recorder(Progress):
    """The reports are in ``heard``, in order."""

    def __init__(self):
        self.heard = []

    def __call__(self, words, done=0, total=0):
        self.heard.append((words, done, total))

    def planned(self, heading, titles):
        self.heard.append(("planned", heading, *titles))

    def began(self, title):
        self.heard.append(("began", title))

    def computing(self):
        self.heard.append(("computing",))

    def ended(self, title, problem=""):
        self.heard.append(("ended", title, problem))
