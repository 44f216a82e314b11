SELECT pg_notify('wizamart_jobs', $1)
