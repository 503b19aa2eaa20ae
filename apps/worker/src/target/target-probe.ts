/** Whether the target answers a simple request. */
export type TargetProbe = 'there' | 'gone' | 'refuses_credentials' | 'is_foreman'
