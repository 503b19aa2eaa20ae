CREATE TABLE `deployment` (
	`name` text PRIMARY KEY NOT NULL
) STRICT;
--> statement-breakpoint
INSERT INTO `deployment` (`name`) VALUES ('foreman-' || lower(hex(randomblob(8))));
