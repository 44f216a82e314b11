-- Queues that an operator has paused.
SELECT queue FROM queue_pauses
