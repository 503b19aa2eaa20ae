import http from 'node:http'

/**
 * Sends a body and waits for the answer.
 *
 * @throws Error when the status is not 202
 */
export const postJson = (url: string, body: string, contentType: string, pool: http.Agent): Promise<void> =>
  new Promise((resolve, reject) => {
    const headers = { 'Content-Type': contentType, 'Content-Length': Buffer.byteLength(body) }
    const request = http.request(url, { method: 'POST', headers, agent: pool }, response => {
      response.resume()
      response.on('error', reject)
      response.on('end', () => {
        if (response.statusCode === 202) resolve()
        else reject(new Error(`${url} was answered with ${response.statusCode}`))
      })
    })
    request.on('error', reject)
    request.end(body)
  })
