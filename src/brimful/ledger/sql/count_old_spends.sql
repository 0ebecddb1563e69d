select count(*) from spend where at < $1 and state <> 'waiting';
