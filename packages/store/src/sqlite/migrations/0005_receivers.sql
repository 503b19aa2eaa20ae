DROP INDEX `webhook_deliveries_due`;--> statement-breakpoint
DROP INDEX `webhook_deliveries_pending_of_url`;--> statement-breakpoint
ALTER TABLE `webhook_deliveries` ADD `caller` text DEFAULT 'default' NOT NULL;--> statement-breakpoint
ALTER TABLE `webhook_deliveries` ADD `scheduled_at` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
UPDATE `webhook_deliveries` SET `caller` = (SELECT `caller` FROM `jobs` WHERE `jobs`.`seq` = `job_seq`)
	WHERE EXISTS (SELECT 1 FROM `jobs` WHERE `jobs`.`seq` = `job_seq` AND `jobs`.`caller` <> 'default');--> statement-breakpoint
CREATE INDEX `webhook_deliveries_scheduled` ON `webhook_deliveries` (`scheduled_at`) WHERE "webhook_deliveries"."state" = 'pending';--> statement-breakpoint
CREATE INDEX `webhook_deliveries_due` ON `webhook_deliveries` (`host`,`caller`,`next_attempt_at`,`seq`) WHERE "webhook_deliveries"."state" = 'pending';--> statement-breakpoint
CREATE INDEX `webhook_deliveries_pending_of_url` ON `webhook_deliveries` (`url`,`caller`) WHERE "webhook_deliveries"."state" = 'pending';--> statement-breakpoint
CREATE TABLE `__new_gone_receivers` (
	`caller` text NOT NULL,
	`url` text NOT NULL,
	`since` integer NOT NULL,
	`last_job_seq` integer NOT NULL,
	PRIMARY KEY(`caller`, `url`)
) STRICT;
--> statement-breakpoint
INSERT INTO `__new_gone_receivers` (`caller`, `url`, `since`, `last_job_seq`)
	SELECT `jobs`.`caller`, `gone`.`url`, `gone`.`since`, max(`jobs`.`seq`)
	FROM `gone_receivers` AS `gone`
	JOIN `job_details` ON `job_details`.`webhook_url` = `gone`.`url`
	JOIN `jobs` ON `jobs`.`seq` = `job_details`.`job_seq` AND `jobs`.`created_at` <= `gone`.`since`
	GROUP BY `jobs`.`caller`, `gone`.`url`;--> statement-breakpoint
DROP TABLE `gone_receivers`;--> statement-breakpoint
ALTER TABLE `__new_gone_receivers` RENAME TO `gone_receivers`;
