CREATE TABLE `ready_counts` (
	`group_key` text NOT NULL,
	`priority` integer NOT NULL,
	`account` text NOT NULL,
	`sender` text NOT NULL,
	`jobs` integer NOT NULL,
	PRIMARY KEY(`group_key`, `priority`, `account`, `sender`)
) WITHOUT ROWID;
--> statement-breakpoint
ALTER TABLE `jobs` ADD `start_reason` text;--> statement-breakpoint
ALTER TABLE `jobs` ADD `behind_model` text;--> statement-breakpoint
ALTER TABLE `jobs` ADD `behind_since` integer;--> statement-breakpoint
ALTER TABLE `jobs` ADD `load_ms` integer;--> statement-breakpoint
ALTER TABLE `target` ADD `resident_groups` text;--> statement-breakpoint
ALTER TABLE `target` ADD `expecting_until` integer;--> statement-breakpoint
ALTER TABLE `target` ADD `rules` text;--> statement-breakpoint
INSERT INTO `ready_counts`
	SELECT `group_key`, `priority`, `account`, `sender`, count(*) FROM `jobs`
	WHERE `state` = 'queued' AND `available_at` IS NULL AND `arrival` IS NULL GROUP BY 1, 2, 3, 4;
--> statement-breakpoint
CREATE TRIGGER `ready_job_inserted` AFTER INSERT ON `jobs`
WHEN NEW.`state` = 'queued' AND NEW.`available_at` IS NULL AND NEW.`arrival` IS NULL BEGIN
	INSERT INTO `ready_counts` VALUES (NEW.`group_key`, NEW.`priority`, NEW.`account`, NEW.`sender`, 1)
		ON CONFLICT DO UPDATE SET `jobs` = `jobs` + 1;
END;
--> statement-breakpoint
CREATE TRIGGER `job_no_longer_ready` AFTER UPDATE OF `state`, `available_at`, `arrival`, `group_key`, `priority` ON `jobs`
WHEN OLD.`state` = 'queued' AND OLD.`available_at` IS NULL AND OLD.`arrival` IS NULL BEGIN
	UPDATE `ready_counts` SET `jobs` = `jobs` - 1 WHERE `group_key` = OLD.`group_key` AND `priority` = OLD.`priority` AND `account` = OLD.`account` AND `sender` = OLD.`sender`;
	DELETE FROM `ready_counts` WHERE `group_key` = OLD.`group_key` AND `priority` = OLD.`priority` AND `account` = OLD.`account` AND `sender` = OLD.`sender` AND `jobs` < 1;
END;
--> statement-breakpoint
CREATE TRIGGER `job_ready` AFTER UPDATE OF `state`, `available_at`, `arrival`, `group_key`, `priority` ON `jobs`
WHEN NEW.`state` = 'queued' AND NEW.`available_at` IS NULL AND NEW.`arrival` IS NULL BEGIN
	INSERT INTO `ready_counts` VALUES (NEW.`group_key`, NEW.`priority`, NEW.`account`, NEW.`sender`, 1)
		ON CONFLICT DO UPDATE SET `jobs` = `jobs` + 1;
END;
--> statement-breakpoint
CREATE TRIGGER `ready_job_deleted` AFTER DELETE ON `jobs`
WHEN OLD.`state` = 'queued' AND OLD.`available_at` IS NULL AND OLD.`arrival` IS NULL BEGIN
	UPDATE `ready_counts` SET `jobs` = `jobs` - 1 WHERE `group_key` = OLD.`group_key` AND `priority` = OLD.`priority` AND `account` = OLD.`account` AND `sender` = OLD.`sender`;
	DELETE FROM `ready_counts` WHERE `group_key` = OLD.`group_key` AND `priority` = OLD.`priority` AND `account` = OLD.`account` AND `sender` = OLD.`sender` AND `jobs` < 1;
END;
