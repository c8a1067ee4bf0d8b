// Node's own server with a handler that does nothing. The port is the only argument.
import { createServer } from "node:http";

const server = createServer((request, response) => {
  request.resume().on("end", () => {
    response.writeHead(200, { "Content-Type": "application/json", "Content-Length": 17 });
    response.end('{"hello":"world"}');
  });
});
server.listen(Number(process.argv[2]), "127.0.0.1");
