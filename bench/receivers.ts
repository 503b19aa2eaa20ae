import http from 'node:http'
import type { AddressInfo } from 'node:net'

/**
 * A process with several receivers of webhooks. It prints their URLs. `GET /` on the first one answers with the number
 * of webhooks that all of them have received. With `yes` as second argument the last receiver is dead: it never
 * answers.
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
// The IPC channel closes when the parent is gone, and then this process ends too.
process.on('disconnect', () => process.exit(0))
