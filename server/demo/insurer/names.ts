/**
 * Words the invented world is made of. Surnames are common ones; given names are paired by chance, so nobody
 * named here exists. Everything in the plain lists is in the GSM-7 alphabet; the odd letters have their own lists,
 * so that their share of the file is exactly the one of dirt.ts.
 */

export const surnames = [
  ...[
    'OUEDRAOGO',
    'SAWADOGO',
    'TRAORE',
    'KABORE',
    'COMPAORE',
    'ZONGO',
    'DIALLO',
    'ILBOUDO',
    'NIKIEMA',
    'TAPSOBA',
  ],
  ...[
    'KONATE',
    'SANOU',
    'BARRY',
    'OUATTARA',
    'COULIBALY',
    'KINDO',
    'TIENDREBEOGO',
    'YAMEOGO',
    'BAMBARA',
    'SOME',
  ],
  ...[
    'DABIRE',
    'HIEN',
    'KAMBOU',
    'LOMPO',
    'THIOMBIANO',
    'TANKOANO',
    'BONKOUNGOU',
    'ZERBO',
    'DRABO',
    'SIMPORE',
  ],
  ...[
    'RAMDE',
    'BELEM',
    'NACRO',
    'SORE',
    'GUIGMA',
    'BALIMA',
    'ROUAMBA',
    'KABRE',
    'ZOUNGRANA',
    'Traoré',
    'Kaboré',
  ],
] as const

export const menGivenNames = [
  ...[
    'Abdoul',
    'Issaka',
    'Moussa',
    'Boureima',
    'Hamidou',
    'Souleymane',
    'Adama',
    'Ousmane',
    'Seydou',
    'Yacouba',
  ],
  ...[
    'Mahamadi',
    'Harouna',
    'Daouda',
    'Karim',
    'Noufou',
    'Rasmané',
    'Wendpanga',
    'Raogo',
    'Tibila',
    'Sibiri',
  ],
  ...[
    'Firmin',
    'Casimir',
    'Lambert',
    'Evariste',
    'Désiré',
    'Sylvain',
    'Parfait',
    'Théophile',
    'Nongma',
    'Tiga',
  ],
] as const

export const womenGivenNames = [
  ...[
    'Aminata',
    'Rasmata',
    'Fatimata',
    'Salamata',
    'Mariam',
    'Awa',
    'Zénabou',
    'Kadidia',
    'Habibou',
    'Alimata',
  ],
  ...['Safiatou', 'Nafissatou', 'Balkissa', 'Wendlasida', 'Poko', 'Tené', 'Sougrinoma', 'Clarisse', 'Edwige'],
  ...['Solange', 'Georgette', 'Delphine', 'Eveline', 'Clémentine', 'Pélagie', 'Rosalie', 'Viviane', 'Adjara'],
] as const

/** Letters of French that are not in GSM-7: one of them makes a message cost as UCS-2. */
export const frenchGivenNames = {
  women: ['Françoise', 'Têné', 'Pêgdwendé', 'Anaïs', 'Sœur Odile', 'Maëlle'],
  men: ['Jean-François', 'Benoît', 'Jérôme', 'Gaël', 'Côme', 'Loïc'],
} as const

/** U+2019, which word processors put in place of the apostrophe. */
export const apostropheSurnames = ['N’DO', 'D’ALMEIDA', 'M’BRA', 'N’GUESSAN', 'K’PODA']

/** Letters of the Moore, Dioula, Bambara and Fulfulde orthographies. */
export const westAfricanNames = [
  { surname: 'Wɛdraogo', givenName: 'Wɛndkuni' },
  { surname: 'Jalɔ', givenName: 'Ɓuuba' },
  { surname: 'Kulubali', givenName: 'Sɔgɔba' },
  { surname: 'Sãwadogo', givenName: 'Rasmatã Ŋaba' },
  { surname: 'Ɲanɔgɔ', givenName: 'Fatɩma' },
]

/** All end in É, byte C9 in Windows-1252: alone at the end, a byte that no UTF-8 text can have there. */
export const windows1252Names = [
  { surname: 'KABORÉ', givenName: 'Zénabou' },
  { surname: 'TRAORÉ', givenName: 'Désiré' },
  { surname: 'KONATÉ', givenName: 'Sœur Odile' },
  { surname: 'COMPAORÉ', givenName: 'Jean-François' },
  { surname: 'N’DIAYÉ', givenName: 'Hélène' },
]

export const companyTrades = [
  'TRANSPORT',
  'COMMERCE',
  'BATIMENT',
  'NEGOCE',
  'MECANIQUE',
  'FORAGE',
  'IMPRIMERIE',
  'ELEVAGE',
]
export const companyNames = [
  'WEND PANGA',
  'RELWENDE',
  'SONGTAABA',
  'BENKADI',
  'FASO YIRIWA',
  'NABONSWENDE',
  'SABABU',
]
export const companyForms = ['SARL', 'SA', 'ET FRERES', 'GIE']

export interface Agency {
  code: string
  name: string
  kind: 'AGENCE' | 'COURTIER'
  town: string
  /** A fixed line. */
  phone: string
}

export const agencies: readonly Agency[] = [
  { code: '1010', name: 'Ouaga Centre', kind: 'AGENCE', town: 'OUAGADOUGOU', phone: '25 30 00 10' },
  { code: '1020', name: 'Ouaga Gounghin', kind: 'AGENCE', town: 'OUAGADOUGOU', phone: '25 30 00 20' },
  { code: '1030', name: "Patte d'Oie", kind: 'AGENCE', town: 'OUAGADOUGOU', phone: '25 30 00 30' },
  { code: '1040', name: 'Tampouy', kind: 'AGENCE', town: 'OUAGADOUGOU', phone: '25 30 00 40' },
  { code: '2010', name: 'Bobo Centre', kind: 'AGENCE', town: 'BOBO-DIOULASSO', phone: '20 97 00 10' },
  { code: '2020', name: 'Bobo Accart', kind: 'AGENCE', town: 'BOBO-DIOULASSO', phone: '20 97 00 20' },
  { code: '3010', name: 'Koudougou', kind: 'AGENCE', town: 'KOUDOUGOU', phone: '25 44 00 10' },
  { code: '3020', name: 'Ouahigouya', kind: 'AGENCE', town: 'OUAHIGOUYA', phone: '24 55 00 20' },
  { code: '3030', name: 'Kaya', kind: 'AGENCE', town: 'KAYA', phone: '24 45 00 30' },
  { code: '3040', name: 'Banfora', kind: 'AGENCE', town: 'BANFORA', phone: '20 91 00 40' },
  { code: '9010', name: 'Yiriwa Conseil', kind: 'COURTIER', town: 'OUAGADOUGOU', phone: '25 30 00 90' },
]

export interface Category {
  code: string
  label: string
  isVehicle: boolean
  /** Share of the contracts, in percent; the shares add up to 100. */
  percent: number
  /** Net yearly premium, F CFA. */
  premium: { min: number; max: number }
}

export const categories: readonly Category[] = [
  { code: 'AUTO', label: 'auto', isVehicle: true, percent: 64, premium: { min: 58_000, max: 420_000 } },
  { code: 'MOTO', label: 'moto', isVehicle: true, percent: 24, premium: { min: 11_500, max: 36_000 } },
  { code: 'HABI', label: 'habitation', isVehicle: false, percent: 5, premium: { min: 30_000, max: 240_000 } },
  { code: 'SANT', label: 'santé', isVehicle: false, percent: 5, premium: { min: 120_000, max: 900_000 } },
  {
    code: 'TRAN',
    label: 'transport',
    isVehicle: false,
    percent: 2,
    premium: { min: 90_000, max: 1_200_000 },
  },
]

export const cars = [
  'TOYOTA COROLLA',
  'TOYOTA HILUX',
  'PEUGEOT 406',
  'MERCEDES 190',
  'HYUNDAI TUCSON',
  'NISSAN PATROL',
]
export const motorcycles = ['YAMAHA CRYPTON', 'HAOJUE 125', 'APSONIC 110', 'KAIZER 125']

export const endorsementKinds = [
  'Changement de véhicule',
  'Extension de garantie',
  "Changement d'adresse",
  'Ajout de conducteur',
  'Retrait de garantie',
]

export const claimKinds = ['Collision', 'Bris de glace', 'Vol', 'Incendie', 'Dommage corporel']

/** The insurer's short name, as it signs its messages. */
export const insurerName = 'KIBARE ASSUR'
