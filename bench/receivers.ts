import http from 'node:http'
import type { AddressInfo } from 'node:net'

/**
 * Receivers of webhooks in a process of their own: says their URLs, and then answers `GET /` of the first one with how
 * many messages all of them have got. The last one never answers, if there is to be one.
 */
const [receivers = '1', withDead = 'no'] = process.argv.slice(2)

let received = 0
const listen = (listener: http.RequestListener): Promise<string> =>
  new Promise(resolve => {
    const server = http.createServer(listener)
    server.listen(0, '127.0.0.1', 512, () => {
      resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
    })
  })

const urls = await Promise.all(
  Array.from({ length: Number(receivers) }, (_, at) =>
    listen((request, response) => {
      if (request.method === 'GET') return void response.end(String(received))
      const isDead = withDead === 'yes' && at === Number(receivers) - 1
      request.resume().on('end', () => {
        if (isDead) return
        received++
        response.writeHead(204).end()
      })
    }),
  ),
)
console.log(`receivers: ${urls.join(' ')};`)
// A channel to the parent: this process ends with it.
process.on('disconnect', () => process.exit(0))
