DROP INDEX `jobs_ready`;--> statement-breakpoint
DROP INDEX `jobs_ready_of_sender`;--> statement-breakpoint
ALTER TABLE `jobs` ADD `kept_place` integer;--> statement-breakpoint
ALTER TABLE `jobs` ADD `kept_created_at` integer;--> statement-breakpoint
ALTER TABLE `jobs` ADD `place` integer GENERATED ALWAYS AS (coalesce(kept_place, seq)) VIRTUAL;--> statement-breakpoint
ALTER TABLE `jobs` ADD `left_at` integer;--> statement-breakpoint
CREATE INDEX `jobs_left` ON `jobs` (`caller`,`request_hash`) WHERE "jobs"."left_at" IS NOT NULL;--> statement-breakpoint
CREATE INDEX `jobs_ready` ON `jobs` (`group_key`,`priority`,`place`) WHERE "jobs"."state" = 'queued' AND "jobs"."available_at" IS NULL AND "jobs"."arrival" IS NULL;--> statement-breakpoint
CREATE INDEX `jobs_ready_of_sender` ON `jobs` (`group_key`,`priority`,`account`,`sender`,`place`) WHERE "jobs"."state" = 'queued' AND "jobs"."available_at" IS NULL AND "jobs"."arrival" IS NULL;