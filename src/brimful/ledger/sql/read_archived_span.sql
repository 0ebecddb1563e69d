select min(at) as first_at, max(at) as last_at from archive.entry where at >= $1 and at < $2;
