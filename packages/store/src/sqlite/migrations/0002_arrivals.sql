CREATE TABLE `arrivals` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`touched_at` integer NOT NULL
) STRICT;
--> statement-breakpoint
CREATE TABLE `request_parts` (
	`job_seq` integer NOT NULL,
	`n` integer NOT NULL,
	`bytes` blob NOT NULL,
	PRIMARY KEY(`job_seq`, `n`),
	FOREIGN KEY (`job_seq`) REFERENCES `jobs`(`seq`) ON UPDATE no action ON DELETE no action
) STRICT;
--> statement-breakpoint
DROP INDEX `jobs_ready`;--> statement-breakpoint
ALTER TABLE `jobs` ADD `arrival` integer;--> statement-breakpoint
CREATE INDEX `jobs_arriving` ON `jobs` (`arrival`) WHERE "jobs"."arrival" IS NOT NULL;--> statement-breakpoint
CREATE INDEX `jobs_ready` ON `jobs` (`group_key`,`priority`,`seq`) WHERE "jobs"."state" = 'queued' AND "jobs"."available_at" IS NULL AND "jobs"."arrival" IS NULL;--> statement-breakpoint
ALTER TABLE `job_requests` ADD `parts` integer DEFAULT 0 NOT NULL;