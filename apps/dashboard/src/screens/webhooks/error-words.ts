const WORDS: Readonly<Record<string, string>> = {
  refused_destination: 'webhooks may not go there',
  look_up: 'its name was not found',
  connection: 'the connection failed',
  tls: 'its certificate is not trusted',
  not_http: 'it does not speak HTTP',
  timeout: 'it did not answer in time',
}

/** What was wrong with an attempt: the receiver's status, or why there was none. */
export const errorInWords = ({
  status,
  error = '',
}: {
  readonly status?: number
  readonly error?: string
}): string => (status === undefined ? (WORDS[error] ?? error) : `status ${status}`)
