/**
 * The HMAC key of a secret. A secret that begins with `whsec_` continues in base64, as Standard Webhooks writes it, with
 * or without padding. The key of any other secret is its UTF-8 bytes.
 *
 * @throws TypeError when the key is empty or the base64 is wrong; the message never repeats the secret
 */
export const keyOf = (secret: string): Buffer => {
  const encoded = /^whsec_(.*)$/s.exec(secret)?.[1]
  const key = encoded === undefined ? Buffer.from(secret) : fromBase64(encoded)
  if (!key) throw new TypeError('A webhook secret that begins with whsec_ must go on in base64')
  if (key.length === 0) throw new TypeError('A webhook secret must not be empty')
  return key
}

/**
 * Node skips what it cannot decode, and a receiver may not. So only what encodes to the same text again is base64; the
 * padding may be missing.
 */
const fromBase64 = (text: string): Buffer | undefined => {
  const bytes = Buffer.from(text, 'base64')
  const encoded = bytes.toString('base64')
  return text === encoded || text === encoded.replace(/=+$/, '') ? bytes : undefined
}

/**
 * Reads secrets that are separated by spaces.
 *
 * @returns undefined when one of them cannot be used, begins with a quote, or almost begins with `whsec_`
 * @example
 * parseSecrets('whsec_bmV3IHNlY3JldA== old-secret') // both, while the old one is being replaced
 */
export const parseSecrets = (text: string): readonly string[] | undefined => {
  const secrets = text.split(/\s+/).filter(secret => secret !== '')
  if (secrets.some(isMistyped) || (secrets.length === 0 && text !== '')) return undefined
  try {
    for (const secret of secrets) keyOf(secret)
    return secrets
  } catch {
    return undefined
  }
}

/** It would be used as it is, and the receiver would not have the quotes, or would read what is behind `WHSEC_`. */
const isMistyped = (secret: string): boolean =>
  /^["'`]/.test(secret) || (/^whsec[-_]/i.test(secret) && !secret.startsWith('whsec_'))
