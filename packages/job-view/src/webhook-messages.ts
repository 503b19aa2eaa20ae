import type { OpenOptions } from '@foreman/store'
import { webhookBody } from './webhook-body.ts'

export interface WebhookMessagesOptions {
  /** The URL under which receivers reach foreman, without a slash at its end. Without it, links are paths. */
  readonly publicUrl?: string | undefined
  readonly logger: { error(fields: object, message: string): void }
}

/** What a process gives to `openStore`, so that a change of a job writes the message of its webhook. */
export const webhookMessages = ({
  publicUrl,
  logger,
}: WebhookMessagesOptions): Pick<OpenOptions, 'compose' | 'onMessageError'> => {
  const onError = (err: unknown, job: string | number) =>
    logger.error({ err, job }, 'a webhook could not be written in full, or not at all')
  return { compose: webhookBody({ publicUrl, onError }), onMessageError: onError }
}
