// The bill of materials of the image, as SPDX 2.3.

/**
 * @typedef {{ name: string, version: string, kind: 'npm' | 'deb', license: string }} Part
 */

/**
 * @param {{ name: string, version: string, created: string, parts: readonly Part[] }} image
 * @returns {string} JSON
 */
export function sbom({ name, version, created, parts }) {
  const packages = [
    { name, version, kind: /** @type {const} */ ('npm'), license: 'Apache-2.0' },
    ...parts,
  ].map((part, index) => ({
    SPDXID: `SPDXRef-Package-${index}`,
    name: part.name,
    versionInfo: part.version,
    downloadLocation: 'NOASSERTION',
    filesAnalyzed: false,
    licenseConcluded: 'NOASSERTION',
    licenseDeclared: part.license,
    copyrightText: 'NOASSERTION',
    externalRefs: [
      { referenceCategory: 'PACKAGE-MANAGER', referenceType: 'purl', referenceLocator: purl(part) },
    ],
  }));
  const document = {
    spdxVersion: 'SPDX-2.3',
    dataLicense: 'CC0-1.0',
    SPDXID: 'SPDXRef-DOCUMENT',
    name: `${name}-${version}`,
    documentNamespace: `urn:kasmcloud:image:${version}`,
    creationInfo: { created, creators: [`Tool: ${name}-${version}`] },
    packages,
    relationships: [
      {
        spdxElementId: 'SPDXRef-DOCUMENT',
        relationshipType: 'DESCRIBES',
        relatedSpdxElement: 'SPDXRef-Package-0',
      },
      ...packages.slice(1).map(({ SPDXID }) => ({
        spdxElementId: 'SPDXRef-Package-0',
        relationshipType: 'CONTAINS',
        relatedSpdxElement: SPDXID,
      })),
    ],
  };
  return `${JSON.stringify(document, undefined, 2)}\n`;
}

/** @param {Part} part */
function purl({ name, version, kind }) {
  const encoded = name.split('/').map(encodeURIComponent).join('/');
  return kind === 'deb'
    ? `pkg:deb/debian/${encoded}@${encodeURIComponent(version)}`
    : `pkg:npm/${encoded}@${version}`;
}
