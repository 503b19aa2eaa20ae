CREATE TABLE `gone_receivers` (
	`url` text PRIMARY KEY NOT NULL,
	`since` integer NOT NULL
) STRICT;
--> statement-breakpoint
CREATE TABLE `job_details` (
	`job_seq` integer PRIMARY KEY NOT NULL,
	`metadata` text,
	`webhook_url` text,
	`webhook_events` text,
	FOREIGN KEY (`job_seq`) REFERENCES `jobs`(`seq`) ON UPDATE no action ON DELETE no action
) STRICT;
--> statement-breakpoint
CREATE TABLE `webhook_attempts` (
	`seq` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`delivery_seq` integer NOT NULL,
	`at` integer NOT NULL,
	`duration_ms` integer NOT NULL,
	`status` integer,
	`error` text,
	`response` text,
	FOREIGN KEY (`delivery_seq`) REFERENCES `webhook_deliveries`(`seq`) ON UPDATE no action ON DELETE no action
) STRICT;
--> statement-breakpoint
CREATE INDEX `webhook_attempts_of_delivery` ON `webhook_attempts` (`delivery_seq`,`seq`);--> statement-breakpoint
CREATE TABLE `webhook_deliveries` (
	`seq` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`id` text NOT NULL,
	`job_seq` integer NOT NULL,
	`event` text NOT NULL,
	`url` text NOT NULL,
	`host` text NOT NULL,
	`body` text NOT NULL,
	`state` text NOT NULL,
	`failures` integer DEFAULT 0 NOT NULL,
	`next_attempt_at` integer,
	`created_at` integer NOT NULL,
	`finished_at` integer,
	FOREIGN KEY (`job_seq`) REFERENCES `jobs`(`seq`) ON UPDATE no action ON DELETE no action,
	CONSTRAINT "webhook_deliveries_state" CHECK("webhook_deliveries"."state" IN ('pending','delivered','dead')),
	CONSTRAINT "webhook_deliveries_pending_is_due" CHECK(("webhook_deliveries"."state" = 'pending') = ("webhook_deliveries"."next_attempt_at" IS NOT NULL)),
	CONSTRAINT "webhook_deliveries_over_has_end" CHECK(("webhook_deliveries"."state" = 'pending') = ("webhook_deliveries"."finished_at" IS NULL))
) STRICT;
--> statement-breakpoint
CREATE UNIQUE INDEX `webhook_deliveries_id_unique` ON `webhook_deliveries` (`id`);--> statement-breakpoint
CREATE INDEX `webhook_deliveries_due` ON `webhook_deliveries` (`host`,`next_attempt_at`,`seq`) WHERE "webhook_deliveries"."state" = 'pending';--> statement-breakpoint
CREATE INDEX `webhook_deliveries_pending_of_job` ON `webhook_deliveries` (`job_seq`) WHERE "webhook_deliveries"."state" = 'pending';--> statement-breakpoint
CREATE INDEX `webhook_deliveries_pending_of_url` ON `webhook_deliveries` (`url`) WHERE "webhook_deliveries"."state" = 'pending';--> statement-breakpoint
CREATE INDEX `webhook_deliveries_of_job` ON `webhook_deliveries` (`job_seq`,`seq`);--> statement-breakpoint
DROP INDEX `jobs_ready`;--> statement-breakpoint
ALTER TABLE `jobs` ADD `caller` text DEFAULT 'default' NOT NULL;--> statement-breakpoint
ALTER TABLE `jobs` ADD `priority` integer DEFAULT 1 NOT NULL;--> statement-breakpoint
ALTER TABLE `jobs` ADD `max_attempts` integer;--> statement-breakpoint
ALTER TABLE `jobs` ADD `deadline_at` integer;--> statement-breakpoint
ALTER TABLE `jobs` ADD `idempotency_key` text;--> statement-breakpoint
ALTER TABLE `jobs` ADD `request_hash` blob;--> statement-breakpoint
ALTER TABLE `jobs` ADD `tokens` integer;--> statement-breakpoint
ALTER TABLE `jobs` ADD `prompt_tokens` integer;--> statement-breakpoint
ALTER TABLE `jobs` ADD `completion_tokens` integer;--> statement-breakpoint
ALTER TABLE `jobs` ADD `retry_of` text;--> statement-breakpoint
CREATE INDEX `jobs_deadline` ON `jobs` (`deadline_at`) WHERE "jobs"."state" = 'queued' AND "jobs"."deadline_at" IS NOT NULL;--> statement-breakpoint
CREATE UNIQUE INDEX `jobs_idempotency` ON `jobs` (`caller`,`idempotency_key`) WHERE "jobs"."idempotency_key" IS NOT NULL;--> statement-breakpoint
CREATE INDEX `jobs_queued` ON `jobs` (`seq`) WHERE "jobs"."state" = 'queued';--> statement-breakpoint
CREATE INDEX `jobs_ended` ON `jobs` (`state`,`seq`) WHERE "jobs"."finished_at" IS NOT NULL;--> statement-breakpoint
CREATE INDEX `jobs_of_model` ON `jobs` (`model_name`,`seq`);--> statement-breakpoint
CREATE INDEX `jobs_of_caller` ON `jobs` (`caller`,`seq`);--> statement-breakpoint
CREATE INDEX `jobs_ready` ON `jobs` (`group_key`,`priority`,`seq`) WHERE "jobs"."state" = 'queued' AND "jobs"."available_at" IS NULL;