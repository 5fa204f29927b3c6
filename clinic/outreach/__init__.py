"""What happens later: the worker, and in time messages, reminders, webhooks and calendar feeds.

What lives here: the process that relays what the verbs announced and tidies up what ran out.

Words: *work* is a thing that is due; the *outbox* is where verbs announce; a *job* is one piece of work under way.

Rules: every task may run twice and does it once; a job's arguments are ids; the worker finds its work by ``due_work``,
which answers ids only, and enters a clinic before it touches a row.
"""
