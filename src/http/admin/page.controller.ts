import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { Controller, Get, NotFoundException, Param, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { Request, Response } from 'express';

interface PageFile {
  readonly type: string;
  readonly bytes: Buffer;
  readonly etag: string;
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
};

/**
 * The page over what `/admin` tells: files as they are. Whoever asks gets them, because a browser
 * sends no key for a page; everything that is to be seen there comes from routes that need one.
 */
@ApiExcludeController()
@Controller('admin')
export class PageController {
  /** By name: what is asked for is never a path. */
  readonly #files = readFiles(join(import.meta.dirname, 'page'));

  @Get()
  page(@Req() request: Request, @Res() response: Response): void {
    this.#send('page.html', request, response);
  }

  @Get('page/:file')
  file(@Param('file') name: string, @Req() request: Request, @Res() response: Response): void {
    this.#send(name, request, response);
  }

  #send(name: string, request: Request, response: Response): void {
    const file = this.#files.get(name);
    if (!file) throw new NotFoundException('There is no such file of the page at /admin.');
    response.set({ etag: file.etag, 'cache-control': 'no-cache', 'content-type': file.type });
    // After an update page and files must be of one version: they are asked for each time, and cost 304.
    if (request.fresh) response.status(304).end();
    else response.send(file.bytes);
  }
}

function readFiles(folder: string): ReadonlyMap<string, PageFile> {
  const files = new Map<string, PageFile>();
  for (const name of readdirSync(folder)) {
    const type = TYPES[extname(name)];
    if (type === undefined) continue;
    const bytes = readFileSync(join(folder, name));
    const etag = `"${createHash('sha256').update(bytes).digest('base64url')}"`;
    files.set(name, { type, bytes, etag });
  }
  return files;
}
