CREATE TABLE `worker_memory` (
	`id` integer PRIMARY KEY NOT NULL,
	`memory` text NOT NULL
);
--> statement-breakpoint
ALTER TABLE `jobs` ADD `account` text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE `jobs` ADD `sender` text DEFAULT '' NOT NULL;--> statement-breakpoint
CREATE INDEX `jobs_ready_of_sender` ON `jobs` (`group_key`,`priority`,`account`,`sender`,`seq`) WHERE "jobs"."state" = 'queued' AND "jobs"."available_at" IS NULL AND "jobs"."arrival" IS NULL;