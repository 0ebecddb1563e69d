-- One process in each span makes a scan that is made for all: whoever moves its time on.
insert into turn (name, due_at) values ($1, $3)
on conflict (name) do update set due_at = excluded.due_at where turn.due_at <= $2
returning name;
