-- Whether something is under way that ends by itself: purchases at the gateway, demands that wait for them.
select exists (select from purchase where wake_real_at is not null and state not in ('delivered', 'failed'))
    or exists (select from demand where state = 'waiting');
