-- Whether a purchase is under way that goes on by itself, not one that waits for a person; demands that wait are for one, or are to be planned for.
select exists (select from purchase where wake_real_at is not null and state not in ('authenticating', 'delivered', 'failed'));
