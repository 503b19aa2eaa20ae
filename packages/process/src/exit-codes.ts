/**
 * The exit code of a process whose configuration cannot work. It has said why on stderr, and starting it again would
 * end in the same way.
 */
export const EXIT_BAD_CONFIGURATION = 2
