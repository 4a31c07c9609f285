import {
  All,
  Controller,
  MethodNotAllowedException,
  NotFoundException,
  Req,
  Res,
} from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { baseUrlFor } from '../server/base-url.js';
import { findRoute } from '../routes.js';
import { hintFor } from './unknown-route-hints.js';

/** Comes last: answers what no other controller does. */
@ApiExcludeController()
@Controller()
export class UnknownRouteController {
  @All(['/', '*path'])
  unknown(@Req() request: Request, @Res({ passthrough: true }) response: Response): never {
    const { method, path } = request;
    const allow = findRoute(path)?.methods.join(', ');
    if (allow !== undefined) {
      response.setHeader('allow', allow);
      throw new MethodNotAllowedException(`${method} is not possible here; use ${allow}.`);
    }
    const hint = hintFor(withoutSlashesAtEnd(path), baseUrlFor(request));
    throw new NotFoundException(`There is no such path. ${hint}`);
  }
}

/** By hand: a regular expression for it takes time that grows with the square of their number. */
function withoutSlashesAtEnd(path: string): string {
  let end = path.length;
  while (path[end - 1] === '/') end -= 1;
  return path.slice(0, end);
}
