#!/bin/bash
# Draws every picture file of this directory from the five SVG drawings beside it.
# Needs rsvg-convert (librsvg2-bin), ImageMagick and png2icns (icnsutils). The same drawings give the same bytes.
set -euo pipefail
cd "$(dirname "$0")"

for tool in rsvg-convert convert png2icns; do
  command -v "$tool" >/dev/null || {
    echo "$tool is missing. Install it: apt-get install librsvg2-bin imagemagick icnsutils" >&2
    exit 1
  }
done

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# draw DRAWING SIZE FILE: one PNG of SIZE pixels a side, 8-bit RGBA (Tauri takes no other), without dates or names.
draw() {
  rsvg-convert --width "$2" --height "$2" --output "$work/raw.png" "$1"
  convert "$work/raw.png" -strip -define png:exclude-chunks=date,time -define png:compression-level=9 "PNG32:$3"
}

draw tamis.svg 32 32x32.png
draw tamis.svg 128 128x128.png
draw tamis.svg 256 128x128@2x.png
draw tamis.svg 512 icon.png

layers=()
for size in 16 24 32 48 64 256; do
  draw tamis.svg "$size" "$work/ico-$size.png"
  layers+=("$work/ico-$size.png")
done
convert "${layers[@]}" -strip icon.ico

png2icns icon.icns 32x32.png 128x128.png 128x128@2x.png icon.png >/dev/null

for state in on off paused attention; do
  draw "tray-$state.svg" 32 "tray-$state.png"
  draw "tray-$state.svg" 64 "tray-$state@2x.png"
done
