import { describe, expect, it } from "vitest";
import { placeInGml } from "./gml.js";

const grid = (srs: string, origin: string, along: string, down: string) => `<gml:RectifiedGrid dimension="2">
<gml:origin><gml:Point srsName="${srs}"><gml:pos>${origin}</gml:pos></gml:Point></gml:origin>
<gml:offsetVector>${along}</gml:offsetVector><gml:offsetVector>${down}</gml:offsetVector></gml:RectifiedGrid>`;
const inCoverage = (text: string) =>
  `<gml:FeatureCollection xmlns:gml="g"><gml:boundedBy><gml:Envelope><gml:pos>1 2</gml:pos></gml:Envelope></gml:boundedBy>${text}</gml:FeatureCollection>`;

describe("GMLJP2", () => {
  it.each([
    ["urn:ogc:def:crs:EPSG::32618", "300005 4499995", "10 0", "0 -10", 32618, [300000, 10, 0, 4500000, 0, -10]],
    ["urn:ogc:def:crs:EPSG::4326", "49 10.5", "0 1", "-2 0", 4326, [10, 1, 0, 50, 0, -2]],
    ["http://www.opengis.net/def/crs/EPSG/0/4326", "49,10.5", "0,1", "-2,0", 4326, [10, 1, 0, 50, 0, -2]],
  ])("places the corner of the first pixel: %s", (srs, origin, along, down, epsg, transform) => {
    const place = placeInGml(inCoverage(grid(srs, origin, along, down)));
    expect(place?.crs?.epsg).toBe(epsg);
    expect(place?.transform).toEqual(transform);
  });

  it.each([
    ["not even XML", "<a>", /no XML/],
    ["vectors on a line", grid("EPSG:4326", "0 0", "1 1", "2 2"), /no place/],
    ["words for numbers", grid("EPSG:4326", "here 0", "1 0", "0 1"), /no place/],
  ])("is passed over with a warning where it holds %s", (_, gml, warning) => {
    const warnings: string[] = [];
    expect(placeInGml(gml, (message) => warnings.push(message))).toBeUndefined();
    expect(warnings.join()).toMatch(warning);
  });
});
