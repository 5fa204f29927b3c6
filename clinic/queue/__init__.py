"""The day: who is here, who is next.

What lives here: check-in, walk-ins, the queue of each doctor, call, start, serve.

Words: a *position* is the number of a check-in, 1, 2, 3 … per doctor and day; a *ticket* is the text on the wall;
*ahead* is how many will be seen before you.

Rules: positions come from the doctor-day row and are never reused or renumbered; the order in which people are seen
(priority, then the doctor's published rule) is computed. Two who call next never get the same person. Each change is
an appended transition.
"""
