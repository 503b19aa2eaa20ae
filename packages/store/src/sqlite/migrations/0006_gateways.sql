CREATE TABLE `gateways` (
	`id` text PRIMARY KEY NOT NULL,
	`heartbeats` integer NOT NULL
) STRICT;
--> statement-breakpoint
ALTER TABLE `jobs` ADD `gateway` text;--> statement-breakpoint
CREATE INDEX `jobs_of_gateway` ON `jobs` (`gateway`) WHERE "jobs"."gateway" IS NOT NULL AND "jobs"."finished_at" IS NULL;