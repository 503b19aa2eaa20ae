export type { Logger } from '@foreman/process/logger'
