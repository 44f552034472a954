"""Units of measure of UN/ECE Recommendation 20 that a hub of distribution meets, named in our own words.

Packagings as units: the two-letter codes that Recommendation 20 carried and that trade messages go on using, and the
same packagings of Recommendation 21 with the prefix ``X`` that Recommendation 20 prescribes for them.
Source: https://unece.org/trade/uncefact/cl-recommendations. Partners' own spellings are rows of code tables.
"""

from __future__ import annotations

from collections.abc import Mapping

_COUNTED = """
EA each
C62 one, a unit without dimension
H87 piece
NAR number of articles, counted
NPR number of pairs
NMP number of packs
CNP hundred packs
TPR ten pairs
NIU number of international units
HIU hundred international units
NPT number of parts
NRL number of rolls
PR pair
SET set
KT kit
AS assortment
LO lot
DZN dozen
DZP dozen packs
DPC dozen pieces
DPR dozen pairs
DRL dozen rolls
GRO gross, 144
GGR great gross, 1728
CEN hundred
MIL thousand
MIO million
HC hundred count
HD half dozen
SCO score, 20
QR quire, 25 sheets
RM ream
ST sheet
LEF leaf
T3 thousand pieces
TP ten pack
D63 book
E48 unit of service
E49 working day
E51 job
IE person
U2 tablet
AV capsule
VI vial
AB bulk pack
ACT activity
5B batch
BB base box
10 group
11 outfit
13 ration
14 shot
NV vehicle
PD pad
PTN portion
STC stick
STK stick of cigarettes
STW straw
SYR syringe
TU tube
"""

_PACKED = """
BG bag
BD bundle
BE bundle of tied goods
BJ bucket
BL bale
BO bottle
BX box
BK basket
BR bar
BT bolt
BLL barrel, US
CA can
CS case
CT carton
CG card
CH container
CQ cartridge
CR crate
CU cup
CY cylinder
CL coil
CO carboy
DR drum
EV envelope
JR jar
OP two pack
P3 three pack
P4 four pack
P5 five pack
P6 six pack
P7 seven pack
P8 eight pack
P9 nine pack
PA packet
PF pallet, lift
PG plate
PK pack
PL pail
PU tray of packs
RL reel
RO roll
SA sack
SL skid
SO spool
SW skein
SX shipment
TK tank
TN tin
TY tray
Z1 lift van
Z2 chest
Z3 cask
Z4 hogshead
Z5 lug
"""

_PACKAGES_OF_21 = """
XAE aerosol can
XAM ampoule, unprotected
XAP ampoule, protected
XBA barrel
XBC bottle crate
XBE bundle
XBG bag
XBH bunch
XBI bin
XBJ bucket
XBK basket
XBL bale, compressed
XBN bale, loose
XBO bottle, cylindrical
XBQ bottle, protected
XBR bar
XBS bottle, bulbous
XBX box
XCA can, rectangular
XCI canister
XCN container
XCR crate
XCS case
XCT carton
XCU cup
XCX can, cylindrical
XCY cylinder
XDR drum
XEN envelope
XFX bag, flexible
XIN ingot
XJC jerrycan, rectangular
XJG jug
XJR jar
XJT jute bag
XKG keg
XLV lift van
XNE unpacked goods
XNT net
XOK block
XPA packet
XPB pallet with collar, box pallet
XPC parcel
XPK package
XPL pail
XPO pouch
XPT pot
XPU tray
XPX pallet
XOB pallet of 80 by 120 cm, pooled
XOC pallet of 100 by 120 cm, pooled
XRG ring
XRL reel
XRO roll
XSA sack
XSH sachet
XSK skeleton case
XSL slipsheet
XSM sheet metal
XST sheet
XSW shrink wrap
XSX set
XTB tub
XTN tin
XTR trunk
XTU tube
XTY tank, cylindrical
XUN unit
XVG gas in bulk
XVI vial
XVP vacuum pack
XVQ liquefied gas in bulk
XVR solid grains in bulk
XZZ mutually defined package
"""

_MEASURED = """
MGM milligram
CGM centigram
DG decigram
GRM gram
DJ decagram
HGM hectogram
KGM kilogram
DTN quintal, 100 kg
TNE tonne
KTN kilotonne
MC microgram
ONZ ounce
APZ troy ounce
LBR pound
STI stone
CWA hundredweight, US
CWI hundredweight, UK
STN short ton, US
LTN long ton, UK
GRN grain
CTM metric carat
DRA dram, US
MMT millimetre
CMT centimetre
DMT decimetre
MTR metre
KTM kilometre
4H micrometre
INH inch
FOT foot
YRD yard
SMI mile
NMI nautical mile
LF linear foot
LM linear metre
MMK square millimetre
CMK square centimetre
DMK square decimetre
MTK square metre
KMK square kilometre
HAR hectare
ARE are
INK square inch
FTK square foot
YDK square yard
ACR acre
MMQ cubic millimetre
CMQ cubic centimetre
DMQ cubic decimetre
MTQ cubic metre
INQ cubic inch
FTQ cubic foot
YDQ cubic yard
4G microlitre
MLT millilitre
CLT centilitre
DLT decilitre
LTR litre
HLT hectolitre
A44 decalitre
MAL megalitre
LPA litre of pure alcohol
OZA fluid ounce, US
OZI fluid ounce, UK
PTL liquid pint, US
PTI pint, UK
QTL liquid quart, US
QTI quart, UK
GLL gallon, US
GLI gallon, UK
BUA bushel, US
BUI bushel, UK
SEC second
MIN minute
HUR hour
DAY day
WEE week
MON month
ANN year
QAN quarter of a year
CEL degree Celsius
FAH degree Fahrenheit
KEL kelvin
WTT watt
KWT kilowatt
WHR watt hour
KWH kilowatt hour
MWH megawatt hour
JOU joule
KJO kilojoule
VLT volt
AMP ampere
HTZ hertz
NEW newton
BAR bar of pressure
PAL pascal
KPA kilopascal
KMH kilometre an hour
GL gram per litre
KMQ kilogram per cubic metre
GM gram per square metre
"""


def _read(*tables: str) -> dict[str, str]:
    return {code: name for table in tables for code, _, name in (line.partition(" ") for line in table.strip().splitlines())}


UNITS: Mapping[str, str] = _read(_COUNTED, _PACKED, _PACKAGES_OF_21, _MEASURED)
"""Code -> name in our own words."""
