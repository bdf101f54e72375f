"""
Alerts and the daily digest by webhook and e-mail, beside the stream.

    batch done ─► outbox, on disk ─► a thread a receiver ─► notice (masked, if asked) ─► body ─► HTTP POST or SMTP
                    └─► numbers since the last digest ─► digest, once a day ─► outbox

`notifier` is the way in. What a batch told is put into the outbox after its record says that it is done, and before
Spark holds it for done: a crash in between has the batch replayed, and what was put already is not put again. Nothing
of a receiver is ever waited for by a batch.
"""
