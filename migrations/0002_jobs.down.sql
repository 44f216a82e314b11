DROP TABLE cron;
DROP TABLE workers;
DROP TABLE jobs;
