CREATE TABLE `job_log` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`job_seq` integer NOT NULL,
	`attempt` integer NOT NULL,
	`kind` text NOT NULL,
	`bytes` blob NOT NULL,
	FOREIGN KEY (`job_seq`) REFERENCES `jobs`(`seq`) ON UPDATE no action ON DELETE no action,
	CONSTRAINT "job_log_kind" CHECK("job_log"."kind" IN ('head','body','event'))
) STRICT;
--> statement-breakpoint
CREATE INDEX `job_log_of_job` ON `job_log` (`job_seq`,`id`);--> statement-breakpoint
CREATE TABLE `job_requests` (
	`job_seq` integer PRIMARY KEY NOT NULL,
	`headers` text NOT NULL,
	`body` blob NOT NULL,
	FOREIGN KEY (`job_seq`) REFERENCES `jobs`(`seq`) ON UPDATE no action ON DELETE no action
) STRICT;
--> statement-breakpoint
CREATE TABLE `jobs` (
	`seq` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`id` text NOT NULL,
	`state` text NOT NULL,
	`path` text NOT NULL,
	`endpoint` text NOT NULL,
	`model` text NOT NULL,
	`model_name` text NOT NULL,
	`load_options` text NOT NULL,
	`group_key` text NOT NULL,
	`streams` integer NOT NULL,
	`attempt` integer DEFAULT 0 NOT NULL,
	`failed_attempts` integer DEFAULT 0 NOT NULL,
	`lost_count` integer DEFAULT 0 NOT NULL,
	`available_at` integer,
	`claim_token` text,
	`cancel_requested_at` integer,
	`answer_attempt` integer,
	`status_code` integer,
	`error_code` text,
	`error_message` text,
	`created_at` integer NOT NULL,
	`started_at` integer,
	`finished_at` integer,
	`expires_at` integer,
	`bytes_expire_at` integer,
	CONSTRAINT "jobs_state" CHECK("jobs"."state" IN ('queued','running','succeeded','failed','cancelled')),
	CONSTRAINT "jobs_running_has_claim" CHECK(("jobs"."state" = 'running') = ("jobs"."claim_token" IS NOT NULL)),
	CONSTRAINT "jobs_terminal_has_end" CHECK(("jobs"."state" IN ('succeeded','failed','cancelled')) = ("jobs"."finished_at" IS NOT NULL))
) STRICT;
--> statement-breakpoint
CREATE UNIQUE INDEX `jobs_id_unique` ON `jobs` (`id`);--> statement-breakpoint
CREATE INDEX `jobs_ready` ON `jobs` (`group_key`,`seq`) WHERE "jobs"."state" = 'queued' AND "jobs"."available_at" IS NULL;--> statement-breakpoint
CREATE INDEX `jobs_queued_of_model` ON `jobs` (`model_name`,`load_options`) WHERE "jobs"."state" = 'queued';--> statement-breakpoint
CREATE INDEX `jobs_delayed` ON `jobs` (`available_at`) WHERE "jobs"."state" = 'queued' AND "jobs"."available_at" IS NOT NULL;--> statement-breakpoint
CREATE INDEX `jobs_running` ON `jobs` (`seq`) WHERE "jobs"."state" = 'running';--> statement-breakpoint
CREATE INDEX `jobs_expiring` ON `jobs` (`expires_at`) WHERE "jobs"."expires_at" IS NOT NULL;--> statement-breakpoint
CREATE INDEX `jobs_bytes_expiring` ON `jobs` (`bytes_expire_at`) WHERE "jobs"."bytes_expire_at" IS NOT NULL;--> statement-breakpoint
CREATE TABLE `models` (
	`name` text PRIMARY KEY NOT NULL,
	`digest` text NOT NULL,
	`loading` text,
	`remote` integer NOT NULL
) STRICT;
--> statement-breakpoint
CREATE TABLE `snapshots` (
	`path` text PRIMARY KEY NOT NULL,
	`headers` text NOT NULL,
	`body` blob NOT NULL,
	`polled_at` integer NOT NULL
) STRICT;
--> statement-breakpoint
CREATE TABLE `target` (
	`id` integer PRIMARY KEY NOT NULL,
	`state` text NOT NULL,
	`since` integer NOT NULL,
	`reason` text,
	`suspected_at` integer,
	`stalled_at` integer,
	`embedder_does_not_fit` integer NOT NULL,
	`turn_group_key` text,
	`turn_started_at` integer,
	CONSTRAINT "target_one_row" CHECK("target"."id" = 1)
) STRICT;
--> statement-breakpoint
CREATE TABLE `workers` (
	`id` text PRIMARY KEY NOT NULL,
	`pid` integer NOT NULL,
	`active` integer NOT NULL,
	`started_at` integer NOT NULL,
	`heartbeat_at` integer NOT NULL
) STRICT;
--> statement-breakpoint
INSERT INTO `target` (`id`, `state`, `since`, `embedder_does_not_fit`) VALUES (1, 'unknown', 0, 0);
