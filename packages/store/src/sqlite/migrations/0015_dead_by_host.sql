DROP INDEX `webhook_deliveries_dead`;--> statement-breakpoint
CREATE INDEX `webhook_deliveries_dead` ON `webhook_deliveries` (`seq`,`finished_at`,`host`) WHERE "webhook_deliveries"."state" = 'dead';