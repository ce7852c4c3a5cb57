"""Work for pools, in a module that a worker imports quickly: numbers to be doubled, of which 13 kills who doubles it."""

import os
import signal
import time


class Numbers:
    """Numbers to be worked on."""

    def __init__(self, *numbers):
        self.numbers = numbers

    def halves(self):
        middle = len(self.numbers) // 2
        return [Numbers(*self.numbers[:middle]), Numbers(*self.numbers[middle:])] if middle else []


def double(item):
    if 13 in item.numbers:
        os.kill(os.getpid(), signal.SIGKILL)
    return [2 * number for number in item.numbers]


def slow_double(item):
    time.sleep(0.3)
    return double(item)
