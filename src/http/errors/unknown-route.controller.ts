import { All, Controller, NotFoundException, Req } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { Request } from 'express';
import { baseUrlFor } from '../server/base-url.js';
import { hintFor } from './unknown-route-hints.js';

/** Comes last: answers what no other controller does. */
@ApiExcludeController()
@Controller()
export class UnknownRouteController {
  @All(['/', '*path'])
  unknown(@Req() request: Request): never {
    const hint = hintFor(withoutSlashesAtEnd(request.path), baseUrlFor(request));
    throw new NotFoundException(`There is no such path. ${hint}`);
  }
}

/** By hand: a regular expression for it takes time that grows with the square of their number. */
function withoutSlashesAtEnd(path: string): string {
  let end = path.length;
  while (path[end - 1] === '/') end -= 1;
  return path.slice(0, end);
}
