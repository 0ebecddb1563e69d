select count(*) from spend where at < $1 and state not in ('waiting', 'held');
