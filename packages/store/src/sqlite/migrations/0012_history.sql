CREATE TABLE `batch_lines` (
	`batch` integer NOT NULL,
	`line` integer NOT NULL,
	`custom_id` text,
	`job_seq` integer,
	`error_code` text,
	`error_message` text,
	PRIMARY KEY(`batch`, `line`),
	FOREIGN KEY (`batch`) REFERENCES `batches`(`seq`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE TABLE `batches` (
	`seq` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`id` text NOT NULL,
	`caller` text NOT NULL,
	`created_at` integer NOT NULL,
	`jobs` integer NOT NULL,
	`cancel_requested_at` integer,
	`endpoint` text,
	`input_file` integer,
	`completion_window` text,
	`metadata` text,
	`submitted_at` integer,
	`failure` text,
	`finished_at` integer,
	`expires_at` integer
);
--> statement-breakpoint
CREATE UNIQUE INDEX `batches_id_unique` ON `batches` (`id`);--> statement-breakpoint
CREATE INDEX `batches_of_caller` ON `batches` (`caller`,`seq`);--> statement-breakpoint
CREATE INDEX `batches_unfinished` ON `batches` (`seq`) WHERE "batches"."finished_at" IS NULL;--> statement-breakpoint
CREATE INDEX `batches_of_file` ON `batches` (`input_file`) WHERE "batches"."input_file" IS NOT NULL;--> statement-breakpoint
CREATE INDEX `batches_expiring` ON `batches` (`expires_at`) WHERE "batches"."expires_at" IS NOT NULL;--> statement-breakpoint
CREATE TABLE `file_parts` (
	`file` integer NOT NULL,
	`n` integer NOT NULL,
	`bytes` blob NOT NULL,
	PRIMARY KEY(`file`, `n`),
	FOREIGN KEY (`file`) REFERENCES `files`(`seq`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE TABLE `files` (
	`seq` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`id` text NOT NULL,
	`caller` text NOT NULL,
	`name` text NOT NULL,
	`purpose` text NOT NULL,
	`bytes` integer NOT NULL,
	`created_at` integer NOT NULL,
	`complete` integer DEFAULT false NOT NULL,
	`expires_at` integer
);
--> statement-breakpoint
CREATE UNIQUE INDEX `files_id_unique` ON `files` (`id`);--> statement-breakpoint
CREATE INDEX `files_of_caller` ON `files` (`caller`,`seq`);--> statement-breakpoint
CREATE INDEX `files_expiring` ON `files` (`expires_at`) WHERE "files"."expires_at" IS NOT NULL;--> statement-breakpoint
CREATE TABLE `counted` (
	`id` integer PRIMARY KEY NOT NULL,
	`log_id` integer NOT NULL,
	`since` integer NOT NULL,
	`state` text,
	CONSTRAINT "counted_one_row" CHECK("counted"."id" = 1)
);
--> statement-breakpoint
INSERT INTO `counted` SELECT 1, coalesce(max(`id`), 0), CAST(unixepoch('subsec') * 1000 AS integer), NULL FROM `job_log`;
--> statement-breakpoint
CREATE TABLE `phases` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`target` text DEFAULT 'default' NOT NULL,
	`kind` text NOT NULL,
	`detail` text,
	`started_at` integer NOT NULL,
	`ended_at` integer
);
--> statement-breakpoint
CREATE INDEX `phases_started` ON `phases` (`started_at`);--> statement-breakpoint
CREATE INDEX `phases_present` ON `phases` (`kind`) WHERE "phases"."ended_at" IS NULL;--> statement-breakpoint
CREATE TABLE `samples` (
	`minute` integer NOT NULL,
	`caller` text NOT NULL,
	`succeeded` integer DEFAULT 0 NOT NULL,
	`failed` integer DEFAULT 0 NOT NULL,
	`cancelled` integer DEFAULT 0 NOT NULL,
	`input_tokens` integer DEFAULT 0 NOT NULL,
	`output_tokens` integer DEFAULT 0 NOT NULL,
	`busy_ms` integer DEFAULT 0 NOT NULL,
	`loads` integer DEFAULT 0 NOT NULL,
	`load_ms` integer DEFAULT 0 NOT NULL,
	`arrival_loads` integer DEFAULT 0 NOT NULL,
	`arrival_load_ms` integer DEFAULT 0 NOT NULL,
	`queued` integer,
	`running` integer,
	`oldest_wait_ms` integer,
	PRIMARY KEY(`minute`, `caller`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `tallies` (
	`name` text NOT NULL,
	`labels` text NOT NULL,
	`part` text NOT NULL,
	`value` integer NOT NULL,
	`at` integer NOT NULL,
	PRIMARY KEY(`name`, `labels`, `part`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `turns` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`target` text DEFAULT 'default' NOT NULL,
	`group_key` text NOT NULL,
	`models` text,
	`reason` text NOT NULL,
	`started_at` integer NOT NULL,
	`loaded_at` integer,
	`load_ms` integer,
	`last_at` integer,
	`ended_at` integer,
	`end` text,
	`jobs` integer DEFAULT 0 NOT NULL,
	`tokens` integer DEFAULT 0 NOT NULL,
	`busy_ms` integer DEFAULT 0 NOT NULL
);
--> statement-breakpoint
CREATE INDEX `turns_started` ON `turns` (`started_at`);--> statement-breakpoint
CREATE INDEX `turns_present` ON `turns` (`id`) WHERE "turns"."ended_at" IS NULL;--> statement-breakpoint
CREATE TABLE `holds` (
	`id` text PRIMARY KEY NOT NULL,
	`kind` text NOT NULL,
	`subject` text DEFAULT '' NOT NULL,
	`started_at` integer NOT NULL,
	`until` integer,
	`reason` text,
	`by` text NOT NULL,
	`releases` integer DEFAULT false NOT NULL,
	`unloads` integer DEFAULT false NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `holds_subject` ON `holds` (`kind`,`subject`);--> statement-breakpoint
CREATE TABLE `operations` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`at` integer NOT NULL,
	`by` text NOT NULL,
	`action` text NOT NULL,
	`subject` text DEFAULT '' NOT NULL,
	`reason` text,
	`detail` text,
	`state` text DEFAULT 'done' NOT NULL,
	`matched` integer,
	`done` integer,
	`stop_requested_at` integer,
	`ended_at` integer
);
--> statement-breakpoint
CREATE INDEX `operations_at` ON `operations` (`at`);--> statement-breakpoint
CREATE INDEX `operations_running` ON `operations` (`id`) WHERE "operations"."state" = 'running';--> statement-breakpoint
ALTER TABLE `gateways` ADD `heartbeat_at` integer;--> statement-breakpoint
ALTER TABLE `gateways` ADD `started_at` integer;--> statement-breakpoint
ALTER TABLE `gateways` ADD `version` text;--> statement-breakpoint
ALTER TABLE `gateways` ADD `resident_bytes` integer;--> statement-breakpoint
ALTER TABLE `gateways` ADD `cpu_ms` integer;--> statement-breakpoint
ALTER TABLE `gateways` ADD `loop_lag_ms` integer;--> statement-breakpoint
ALTER TABLE `gateways` ADD `settings` text;--> statement-breakpoint
ALTER TABLE `jobs` ADD `prompt_ms` integer;--> statement-breakpoint
ALTER TABLE `jobs` ADD `generate_ms` integer;--> statement-breakpoint
ALTER TABLE `jobs` ADD `first_byte_at` integer;--> statement-breakpoint
ALTER TABLE `jobs` ADD `turn` integer;--> statement-breakpoint
ALTER TABLE `jobs` ADD `batch` integer;--> statement-breakpoint
CREATE INDEX `jobs_of_batch` ON `jobs` (`batch`,`seq`,`state`) WHERE "jobs"."batch" IS NOT NULL;--> statement-breakpoint
ALTER TABLE `target` ADD `turn` integer;--> statement-breakpoint
ALTER TABLE `workers` ADD `version` text;--> statement-breakpoint
ALTER TABLE `workers` ADD `resident_bytes` integer;--> statement-breakpoint
ALTER TABLE `workers` ADD `cpu_ms` integer;--> statement-breakpoint
ALTER TABLE `workers` ADD `loop_lag_ms` integer;--> statement-breakpoint
ALTER TABLE `workers` ADD `settings` text;--> statement-breakpoint
CREATE INDEX `webhook_deliveries_dead` ON `webhook_deliveries` (`seq`,`finished_at`) WHERE "webhook_deliveries"."state" = 'dead';