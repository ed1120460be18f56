// A mail server of the test's own (RFC 5321, on the same host, so without TLS), which keeps what it is sent.
import { type AddressInfo, createServer, type Server } from 'node:net';

export interface Mail {
  to: string[];
  data: string;
}

export class MailServer {
  readonly mails: Mail[] = [];
  private constructor(private readonly server: Server) {}

  static async start(): Promise<MailServer> {
    const server = createServer();
    const it = new MailServer(server);
    server.on('connection', (socket) => {
      let held = '';
      let to: string[] = [];
      let data: string[] | null = null;
      const say = (line: string) => socket.write(`${line}\r\n`);
      socket.setEncoding('utf8');
      socket.on('error', () => {});
      socket.on('data', (chunk: string) => {
        held += chunk;
        for (let end = held.indexOf('\r\n'); end >= 0; end = held.indexOf('\r\n')) {
          const line = held.slice(0, end);
          held = held.slice(end + 2);
          if (data) {
            if (line === '.') {
              it.mails.push({ to, data: data.join('\r\n') });
              [to, data] = [[], null];
              say('250 taken');
            } else data.push(line.startsWith('.') ? line.slice(1) : line);
            continue;
          }
          const verb = line.split(' ')[0]?.toUpperCase();
          if (verb === 'EHLO') say('250 mail.example');
          else if (verb === 'RCPT') {
            to.push(/<([^>]*)>/.exec(line)?.[1] ?? '');
            say('250 ok');
          } else if (verb === 'DATA') {
            data = [];
            say('354 go on');
          } else if (verb === 'QUIT') {
            say('221 bye');
            socket.end();
          } else say('250 ok');
        }
      });
      say('220 mail.example');
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    return it;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  stop(): void {
    this.server.close();
  }
}

/** A part of a multipart mail by its type, its transfer encoding undone. */
export function partOf(mail: Mail, type: string): { head: string; text: string } | undefined {
  const [head = '', ...rest] = mail.data.split('\r\n\r\n');
  const boundary = /boundary="?([^";\r\n]+)"?/i.exec(head)?.[1];
  const parts = boundary ? rest.join('\r\n\r\n').split(`--${boundary}`).slice(1, -1) : [mail.data];
  for (const part of parts) {
    const at = part.indexOf('\r\n\r\n', 2);
    const partHead = part.slice(0, at);
    if (!new RegExp(`content-type:\\s*${type}`, 'i').test(partHead)) continue;
    const body = part.slice(at + 4);
    const encoding = /content-transfer-encoding:\s*(\S+)/i.exec(partHead)?.[1]?.toLowerCase();
    if (encoding === 'base64') return { head: partHead, text: Buffer.from(body, 'base64').toString('utf8') };
    if (encoding !== 'quoted-printable') return { head: partHead, text: body };
    const joined = body.replace(/=\r\n/g, '');
    const bytes = joined.replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
    return { head: partHead, text: Buffer.from(bytes, 'latin1').toString('utf8') };
  }
  return undefined;
}
