/**
 * The HMAC key of a secret. A secret that begins with `whsec_` continues in base64, as Standard Webhooks writes it. The
 * key of any other secret is its UTF-8 bytes.
 *
 * @throws TypeError when the key is empty or the base64 is wrong; the message never repeats the secret
 */
export const keyOf = (secret: string): Buffer => {
  const encoded = /^whsec_(.*)$/s.exec(secret)?.[1]
  if (encoded !== undefined && !/^[A-Za-z0-9+/]*={0,2}$/.test(encoded)) {
    throw new TypeError('A webhook secret that begins with whsec_ must go on in base64')
  }
  const key = encoded === undefined ? Buffer.from(secret) : Buffer.from(encoded, 'base64')
  if (key.length === 0) throw new TypeError('A webhook secret must not be empty')
  return key
}

/**
 * Reads secrets that are separated by spaces.
 *
 * @returns undefined when one of them cannot be used
 * @example
 * parseSecrets('whsec_bmV3IHNlY3JldA== old-secret') // both, while the old one is being replaced
 */
export const parseSecrets = (text: string): readonly string[] | undefined => {
  const secrets = text.split(/\s+/).filter(secret => secret !== '')
  try {
    for (const secret of secrets) keyOf(secret)
    return secrets
  } catch {
    return undefined
  }
}
