DROP INDEX `jobs_left`;--> statement-breakpoint
CREATE INDEX `jobs_left` ON `jobs` (`caller`,`account`,`sender`,`request_hash`,`left_at`) WHERE "jobs"."left_at" IS NOT NULL;